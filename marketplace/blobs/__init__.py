"""The bytes of what people send: pictures, documents, files made for them. In the database or in a bucket, by setting.

A row of another office names a blob; a blob says where its bytes are. Bytes are put before the transaction that names
them, under a key that is never used again, and deleted after the one that lets go of them.
"""
