"""As many JSON reports of live runs as there are hours between them: for `mfa-gate audit`.

  reports.py REPORT COUNT FOLDER           writes the report so many times into the folder, six hours
                                           apart from 2025-01-01 on; prints the last whole day

REPORT is what `mfa-gate check --members FILE --report json=REPORT` wrote, under a policy without
exemptions, so that nothing in it depends on the day.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path


def main():
    source, count, folder = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    report = json.loads(source.read_text())
    report["assurance"] = "live"
    report["options"].update(today=False, members=False)
    report["source"] = {"api_url": "https://api.bitbucket.org/2.0", "inputs": [], "ci": {}}
    for workspace in report["workspaces"]:
        workspace["source"] = "api"
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime(2025, 1, 1, tzinfo=timezone.utc)
    for number in range(count):
        report["checked_at"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        report["today"] = f"{at:%Y-%m-%d}"
        text = json.dumps(report, separators=(",", ":"))
        (folder / f"{number:05}.json").write_text(text)
        at += timedelta(hours=6)
    print(f"{at - timedelta(days=1):%Y-%m-%d}")


main()
