"""Saved pages of a workspace, or a server of them, or a plain reader of such a server.

  members.py pages COUNT > FILE            as many members in pages of 100, one object a page
  members.py serve COUNT DELAY             the same over HTTP, whichever the workspace, and its
                                           owner; each answer after DELAY seconds; prints the base
                                           address, and at the end of its standard input how many
                                           requests there were
  members.py walk BASE_URL                 reads it as a simple script does: one connection kept
                                           alive, one page after another
"""

import functools
import http.client
import http.server
import json
import sys
import threading
import time
import urllib.parse

PAGE = 100


def row(number):
    flag = number % 10 != 0
    return {
        "type": "workspace_membership",
        "user": {
            "type": "user",
            "uuid": "{00000000-0000-4000-8000-%012d}" % number,
            "account_id": "557058:00000000-0000-4000-8000-%012d" % number,
            "nickname": f"member{number}",
            "display_name": f"Member {number}",
            "account_status": "active",
            "has_2fa_enabled": flag,
        },
    }


def members(slug):
    return f"/2.0/workspaces/{slug}/members"


def page(count, number, base, slug="acme"):
    first = (number - 1) * PAGE
    body = {"size": count, "page": number, "pagelen": PAGE}
    if first + PAGE < count:
        body["next"] = f"{base}{members(slug)}?pagelen={PAGE}&page={number + 1}"
    body["values"] = [row(at) for at in range(first, min(count, first + PAGE))]
    return body


def as_saved(row):
    """The row with what Bitbucket adds where nobody takes it away: links and the workspace."""
    uuid = row["user"]["uuid"]
    here = "https://api.bitbucket.org/2.0"
    row["user"]["links"] = {
        "self": {"href": f"{here}/users/{urllib.parse.quote(uuid)}"},
        "avatar": {"href": f"https://secure.gravatar.com/avatar/{uuid[1:9] * 4}?d=identicon"},
    }
    row["workspace"] = {"type": "workspace", "slug": "acme", "name": "Acme", "uuid": uuid}
    row["links"] = {"self": {"href": f"{here}/workspaces/acme/members/{urllib.parse.quote(uuid)}"}}
    return row


def pages(count):
    for number in range(1, (count + PAGE - 1) // PAGE + 1):
        saved = page(count, number, "https://api.bitbucket.org")
        saved["values"] = [as_saved(row) for row in saved["values"]]
        print(json.dumps(saved))


def serve(count, delay):
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self):
            requests.append(self.path)
            url = urllib.parse.urlsplit(self.path)
            number = int(urllib.parse.parse_qs(url.query).get("page", ["1"])[0])
            _, _, _, slug, resource = url.path.split("/")
            body = answer(slug, resource, number)
            time.sleep(delay)
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            head += f"Content-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"

    @functools.cache
    def answer(slug, resource, number):
        match resource:
            case "members":
                body = page(count, number, base, slug)
            case "permissions":
                owner = {"permission": "owner", "user": row(0)["user"]}
                body = {"size": 1, "page": 1, "pagelen": PAGE, "values": [owner]}
        return json.dumps(body).encode()

    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{base}/2.0", flush=True)
    sys.stdin.read()
    print(len(requests), flush=True)


def walk(base):
    host = urllib.parse.urlsplit(base).netloc
    connection = http.client.HTTPConnection(host)
    target, without = f"{members('acme')}?pagelen={PAGE}", 0
    while target:
        connection.request("GET", target)
        body = json.load(connection.getresponse())
        without += sum(not row["user"]["has_2fa_enabled"] for row in body["values"])
        target = body.get("next") and body["next"].removeprefix(f"http://{host}")
    print(without)


match sys.argv[1:]:
    case ["pages", count]:
        pages(int(count))
    case ["serve", count, delay]:
        serve(int(count), float(delay))
    case ["walk", base]:
        walk(base)
    case _:
        sys.exit(__doc__)
