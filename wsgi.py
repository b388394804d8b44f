"""What gunicorn serves: `gunicorn wsgi:app`."""

import gc

from marketplace.application import create_app
from marketplace.kit import logs
from marketplace.settings import Settings
from marketplace.worker import hang_bell

settings = Settings()
logs.write(settings.log_format)
app = create_app(settings)
hang_bell(app)

# What is here now stays for good. Workers that are forked from here share it as long as nobody writes on it, and the
# garbage collector writes on all that it looks at: without this, the web processes hold a third more memory.
gc.collect()
gc.freeze()
