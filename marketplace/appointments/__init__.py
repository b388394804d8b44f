"""講演・相談の日程: dates proposed and agreed, the lecturer's calendar, and what was held counted down."""
