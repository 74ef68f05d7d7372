"""Prints a new secrets file, for places where the service cannot write its own: a container's secrets are made before it runs."""

import base64
import secrets
import sys

sys.stdout.write(f'root_key = "{base64.b64encode(secrets.token_bytes(32)).decode()}"\n')
sys.stdout.write(f'ussd_tokens = ["{secrets.token_urlsafe(32)}"]\nsms_tokens = ["{secrets.token_urlsafe(32)}"]\n')
