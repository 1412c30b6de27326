"""What gunicorn serves."""

from timebank.app import create_app

application = create_app()
