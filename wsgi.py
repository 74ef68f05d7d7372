"""What gunicorn serves. Settings are read here and nowhere else in a web process."""

import sys

from referral.routing.reading import DataError
from referral.settings import SettingsError
from referral.start import web_application

try:
    application = web_application()
except (SettingsError, DataError) as error:  # whoever reads the journal at night is to find the reasons, and not where in the code they were found
    sys.exit("\n".join(error.problems))
