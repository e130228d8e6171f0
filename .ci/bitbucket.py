"""Plays Bitbucket for two workspaces, at a free port of this machine.

Argument: the file to write the port to.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

ANSWERS = {
    f"/2.0/workspaces/{slug}/members": {
        "pagelen": 100,
        "page": 1,
        "size": 1,
        "values": [
            {
                "type": "workspace_membership",
                "user": {
                    "type": "user",
                    "uuid": "{00000000-0000-4000-8000-000000000001}",
                    "account_id": "557058:00000000-0000-4000-8000-000000000001",
                    "display_name": "Member 1",
                    "account_status": "active",
                    "has_2fa_enabled": flag,
                },
            }
        ],
    }
    for slug, flag in (("protected", True), ("unprotected", False))
}
ANSWERS["/2.0/user/workspaces/unprotected/permission"] = {"permission": "owner"}


class Bitbucket(BaseHTTPRequestHandler):
    """Answers what is known."""

    def do_GET(self):
        answer = ANSWERS.get(self.path.split("?")[0])
        body = json.dumps(answer or {"type": "error", "error": {"message": self.path}}).encode()
        self.send_response(200 if answer else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = HTTPServer(("127.0.0.1", 0), Bitbucket)
Path(sys.argv[1]).write_text(str(server.server_port), encoding="utf-8")
server.serve_forever()
