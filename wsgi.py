"""What gunicorn serves: `gunicorn wsgi:app`."""

from marketplace.application import create_app
from marketplace.worker import hang_bell

app = create_app()
hang_bell(app)
