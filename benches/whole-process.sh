#!/usr/bin/env bash
# Times the whole process, from start to exit, against what a script would take for the same job.
# Needs bash, python3 and jq; uses a release build, or the program that MFA_GATE names.
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

# Runs a command so many times, discards what it says, and prints the best wall time in seconds and
# the peak memory in MiB, which is never less than that of python3 itself. Arguments: the exit code
# that is right, then the command.
timed() {
  python3 - "$runs" "$@" <<'PYTHON'
import resource, subprocess, sys, time
runs, wanted, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
best = float("inf")
for _ in range(runs):
    started = time.perf_counter()
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    best = min(best, time.perf_counter() - started)
    if ended.returncode != wanted:
        sys.exit(f"{command[0]} ended with {ended.returncode} and not with {wanted}")
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1 if sys.platform != "darwin" else 1024)
print(f"{best:.4f} {peak / 1024:.1f}")
PYTHON
}

ratio() { python3 -c 'import sys; print(f"{float(sys.argv[1]) / float(sys.argv[2]):.2f}")' "$1" "$2"; }

echo "== start to exit, a file of 100 members"
python3 "$generator" pages 100 >small.json
read -r seconds _ < <(runs=50 timed 1 "$gate" check --members small.json)
read -r nothing _ < <(runs=50 timed 0 true)
echo "mfa-gate $seconds s; a process that does nothing $nothing s"

echo "== 100,000 members from saved pages, all formats, against jq's filter of the same file"
python3 "$generator" pages 100000 >large.json
reports=()
for format in json junit sarif csv markdown html github; do reports+=(--report "$format=report.$format"); done
read -r seconds memory < <(timed 1 "$gate" check --members large.json "${reports[@]}")
filter='.values[].user|select(.has_2fa_enabled != true)|.account_id'
read -r jq_seconds jq_memory < <(timed 0 jq -r "$filter" large.json)
echo "mfa-gate $seconds s, $memory MiB; jq $jq_seconds s, $jq_memory MiB"
echo "time: $(ratio "$seconds" "$jq_seconds") of jq's; memory: $(ratio "$memory" "$jq_memory") of jq's"

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
read -r seconds _ < <(timed 1 "$gate" check)
read -r plain _ < <(timed 0 python3 "$generator" walk "$base")
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
read -r seconds _ < <(timed 1 "$gate" check)
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
  last=$(python3 "$reports_of" report.json "$1" reports)
  timed 1 "$gate" audit reports --from 2025-01-01 --to "$last" --report json=audit.json --report html=audit.html
}
reports_of=$(dirname "$generator")/reports.py

echo "== an audit of 400 reports of 1,000 members, and of 5,000 reports of 300"
read -r seconds memory < <(audited 400 1000)
echo "400 reports: $seconds s, $memory MiB; $(du --summarize --apparent-size --block-size=M reports | cut -f 1) read"
read -r few_seconds few < <(audited 500 300)
read -r seconds memory < <(audited 5000 300)
echo "5,000 reports: $seconds s, $memory MiB; 500 of them: $few_seconds s, $few MiB"
