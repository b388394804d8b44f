"""領収書: papers that say what the town has received, and what it gave back, numbered without a gap in each year.

An office of its own above orders: a receipt is a document with a register of its own, whose numbers belong to a budget
and a fiscal year and not to a sale, and an order need not know that paper exists. Below the desk, since buyers print
theirs themselves.
"""
