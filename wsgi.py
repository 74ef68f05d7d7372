"""What gunicorn serves. Settings are read here and nowhere else in a web process."""

from referral.start import web_application

application = web_application()
