"""Verifies signed messages with the library of Standard Webhooks: one JSON object a line, with `secret`, `headers` and
`body`. Prints `ok` or `wrong` for each."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    message = json.loads(line)
    try:
        Webhook(message["secret"]).verify(message["body"], message["headers"])
        print("ok")
    except WebhookVerificationError:
        print("wrong")
