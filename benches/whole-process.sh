#!/usr/bin/env bash
# Times the whole process, from start to exit, against what a script would take for the same job.
# Needs bash, python3 and jq; uses a release build, or the program that MFA_GATE names. RUNS=20 runs
# each command as often.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-5}
if [ -z "${MFA_GATE:-}" ]; then
  cargo build --release --locked
  MFA_GATE=target/release/mfa-gate
fi
gate=$(realpath "$MFA_GATE")
generator=$(realpath benches/members.py)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf 'version: 1\nworkspaces: [acme]\n' >policy.yaml

# Runs commands in turn, discards what they print, and prints for each a line: its median wall time
# in seconds and its peak memory in MiB, which is never less than that of python3 itself. The last
# line is the median of the first command's time over the second's, pair by pair. Each argument is a
# command with the exit code that is right before it.
timed() {
  python3 - "$runs" "$@" <<'PYTHON'
import os, shlex, statistics, subprocess, sys, time
runs, commands = int(sys.argv[1]), [shlex.split(command) for command in sys.argv[2:]]
times, peaks = [[] for _ in commands], [0] * len(commands)
for _ in range(runs):
    for at, (wanted, *command) in enumerate(commands):
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        times[at].append(time.perf_counter() - started)
        peaks[at] = max(peaks[at], usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20))
        if os.waitstatus_to_exitcode(status) != int(wanted):
            sys.exit(f"{command[0]} ended with {status} and not with {wanted}")
for own, peak in zip(times, peaks):
    print(f"{statistics.median(own):.4f} {peak:.1f}")
if len(times) == 2:
    print(f"{statistics.median(a / b for a, b in zip(*times)):.2f}")
PYTHON
}

ratio() { python3 -c 'import sys; print(f"{float(sys.argv[1]) / float(sys.argv[2]):.2f}")' "$1" "$2"; }

echo "== size of the program"
size=$(stat --format=%s "$gate")
echo "$size bytes; $(ratio "$size" 7000000) of 7,000,000"

echo "== start to exit, a file of 100 members, against a process that does nothing"
python3 "$generator" pages 100 >small.json
{
  read -r seconds _
  read -r nothing _
} < <(runs=50 timed "1 $gate check --members small.json" "0 true")
echo "mfa-gate $seconds s; a process that does nothing $nothing s"
echo "$(ratio "$seconds" 0.003) of 3 ms"

echo "== 100,000 members from saved pages, all formats, against jq's filter of the same file"
python3 "$generator" pages 100000 >large.json
reports=
for format in json junit sarif csv markdown html github; do reports+=" --report $format=report.$format"; done
filter='.values[].user|select(.has_2fa_enabled != true)|.account_id'
{
  read -r seconds memory
  read -r jq_seconds jq_memory
  read -r of_jq
} < <(timed "1 $gate check --members large.json $reports" "0 jq -r '$filter' large.json")
echo "mfa-gate $seconds s, $memory MiB; jq $jq_seconds s, $jq_memory MiB"
echo "time: $of_jq of jq's; memory: $(ratio "$memory" 64) of 64 MiB"

# Starts a server of workspaces that have so many members each, at 100 ms a request. `stopped` ends it,
# and puts into `requests` how many came to it.
started() {
  coproc server { python3 "$generator" serve "$1" 0.1; }
  exec {said}<&"${server[0]}"
  read -r base <&"$said"
  export BITBUCKET_API_URL=$base BITBUCKET_ACCESS_TOKEN=no-secret
}
stopped() {
  # `coproc` sets it, which shellcheck does not know.
  # shellcheck disable=SC2154
  local pid=$server_PID
  eval "exec ${server[1]}>&-"
  read -r requests <&"$said"
  wait "$pid"
}

echo "== 10,000 members at 100 ms a request, against a sequential reader with one connection"
started 10000
runs=3
{
  read -r seconds _
  read -r plain _
} < <(timed "1 $gate check" "0 python3 $generator walk $base")
stopped
least=$(python3 -c 'print(round(0.1 * (1 + 99 / 8), 4))')
echo "mfa-gate $seconds s, $((requests / runs - 100)) requests a run; sequential reader $plain s, 100 requests"
echo "$(ratio "$plain" "$seconds") times as fast; $(ratio "$seconds" "$least") of $least s, which is 1 + 99/8 requests"

echo "== 20 workspaces of two pages and an owner, at 100 ms a request"
slugs=$(seq -s, -f 'ws%02g' 20)
printf 'version: 1\nworkspaces: [%s]\nlimits: {admins: deny}\n' "$slugs" >policy.yaml
# Owners are asked for where one of them might be exempt.
printf 'exemptions:\n  - {id: EX-1, account_id: "557058:gone", reason: it left, expires: 2099-12-31}\n' >>policy.yaml
started 150
read -r seconds _ < <(timed "1 $gate check")
stopped
least=$(python3 -c 'import sys; print(round(0.1 * int(sys.argv[1]) / 8, 4))' $((requests / runs)))
echo "mfa-gate $seconds s, $((requests / runs)) requests a run"
echo "$(ratio "$seconds" "$least") of $least s, which they need at eight at a time"

# Audits so many reports of so many members; prints seconds and MiB.
audited() {
  local last
  printf 'version: 1\nworkspaces: [acme]\n' >policy.yaml
  python3 "$generator" pages "$2" >some.json
  "$gate" check --members some.json --report json=report.json >/dev/null 2>&1 || true
  rm -rf reports
  # Three hours apart, so that the period is over.
  last=$(python3 "$reports_of" report.json "$1" reports 3)
  timed "1 $gate audit reports --from 2025-01-01 --to $last --report json=audit.json --report html=audit.html"
}
reports_of=$(dirname "$generator")/reports.py

echo "== an audit of 400 reports of 1,000 members, and of 5,000 reports of 300"
read -r seconds memory < <(audited 400 1000)
echo "400 reports: $seconds s, $memory MiB; $(du --summarize --apparent-size --block-size=M reports | cut -f 1) read"
read -r few_seconds few < <(audited 500 300)
read -r seconds memory < <(audited 5000 300)
echo "5,000 reports: $seconds s, $memory MiB; 500 of them: $few_seconds s, $few MiB"
