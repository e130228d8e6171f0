"""JSON reports of live runs, made of one report, for `mfa-gate audit`.

  reports.py REPORT COUNT FOLDER [HOURS [START]]
      writes the report so many times into the folder, so many hours (6) apart from a day (2025-01-01)
      on; prints the last whole day

REPORT is what `mfa-gate check --members FILE --report json=REPORT` wrote. More than one of them take a
policy without exemptions, so that nothing in it depends on the day.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path


def main():
    source, count, folder = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    hours = int(sys.argv[4]) if len(sys.argv) > 4 else 6
    report = json.loads(source.read_text())
    report["assurance"] = "live"
    report["options"].update(today=False, members=False)
    report["source"] = {"api_url": "https://api.bitbucket.org/2.0", "inputs": [], "ci": {}}
    for workspace in report["workspaces"]:
        workspace["source"] = "api"
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.fromisoformat(sys.argv[5] if len(sys.argv) > 5 else "2025-01-01").replace(tzinfo=timezone.utc)
    for number in range(count):
        report["checked_at"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        report["today"] = f"{at:%Y-%m-%d}"
        text = json.dumps(report, separators=(",", ":"))
        (folder / f"{number:05}.json").write_text(text)
        at += timedelta(hours=hours)
    print(f"{at - timedelta(days=1):%Y-%m-%d}")


main()
