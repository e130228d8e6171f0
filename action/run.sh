#!/usr/bin/env bash
# Runs mfa-gate once with the inputs of the action, hands on what came of it, and ends as it ended.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/common.sh"

# A credential that is no input may stand in the job's environment: an empty input hides none.
for name in BITBUCKET_EMAIL BITBUCKET_API_TOKEN BITBUCKET_ACCESS_TOKEN BITBUCKET_CLIENT_ID \
  BITBUCKET_CLIENT_SECRET ATLASSIAN_ORG_ID ATLASSIAN_API_KEY AZURE_TENANT_ID AZURE_CLIENT_ID \
  AZURE_CLIENT_SECRET AZURE_FEDERATED_TOKEN_FILE; do
  input=INPUT_$name
  [ -z "${!input-}" ] || export "$name=${!input}"
done
[ -z "$INPUT_SLACK_WEBHOOK_URL" ] || export "MFA_GATE_SLACK_WEBHOOK_URL=$INPUT_SLACK_WEBHOOK_URL"

# Whether there is anything that Bitbucket could be asked with.
has_credential() {
  local name
  for name in BITBUCKET_API_TOKEN BITBUCKET_ACCESS_TOKEN BITBUCKET_CLIENT_SECRET; do
    local file=${name}_FILE
    [ -z "${!name-}${!file-}" ] || return 0
  done
  return 1
}

case $INPUT_UPLOAD_SARIF in
  true | false) ;;
  *) fail 2 "upload-sarif must be true or false" ;;
esac
case $INPUT_SLACK_NAMES in
  true | false) ;;
  *) fail 2 "slack-names must be true or false" ;;
esac
case $INPUT_SLACK in
  '' | violations | always) ;;
  # It is not repeated: it may be the webhook.
  *) fail 2 "slack must be violations or always; the webhook belongs in slack-webhook-url" ;;
esac

reports=${INPUT_REPORTS:-mfa-gate-reports}
json=$reports/mfa-gate.json junit=$reports/mfa-gate.xml sarif=$reports/mfa-gate.sarif
html=$reports/mfa-gate.html
# Nothing of an earlier run may be taken for this one's, and nothing that this run reads is removed.
for report in "$json" "$junit" "$sarif" "$html"; do
  for read in "$INPUT_VERIFY" "${INPUT_POLICY:-policy.yaml}" "$INPUT_ROSTER" "$INPUT_PREVIOUS"; do
    [ -z "$read" ] || [ ! "$report" -ef "$read" ] || [ -n "$INPUT_VERIFY" ] ||
      fail 2 "the report $report would overwrite a file that this run reads"
  done
  [ -n "$INPUT_VERIFY" ] || rm -f -- "$report"
done

more=()
while IFS= read -r argument; do
  argument=${argument%$'\r'}
  case $argument in
    '') continue ;;
    --today | --today=* | --members | --members=* | --api-url | --api-url=*)
      fail 2 "args may not contain ${argument%%=*}: the gate judges today, by what Bitbucket says"
      ;;
  esac
  more+=("$argument")
done <<<"$INPUT_ARGS"

newline=$'\n' slugs=0
while IFS= read -r slug; do
  slug=${slug#"${slug%%[![:space:]]*}"}
  slug=${slug%"${slug##*[![:space:]]}"}
  [ -z "$slug" ] || more+=("--workspace=$slug") slugs=$((slugs + 1))
done <<<"${INPUT_WORKSPACES//,/$newline}"
[ -z "$INPUT_WORKSPACES" ] || [ "$slugs" -gt 0 ] || fail 2 "workspaces names none"

case $INPUT_POLICY_SHA256 in
  none) ;;
  # An expression whose variable is missing: the policy would not be pinned.
  '') fail 2 "policy-sha256 is empty: set it to the SHA-256 that the policy must have, or to none" ;;
  *) more+=("--policy-sha256=$INPUT_POLICY_SHA256") ;;
esac

scratch=$(mktemp -d "$RUNNER_TEMP/mfa-gate.XXXXXX")
code=0

# Runs the program. What it says on standard error is kept too.
gate() {
  { "$BINARY" "$@" 2>&1 1>&3 3>&- | tee "$scratch/log" >&2; } 3>&1
}

# Annotates each error of the program, at its place in the policy where it names one.
annotate_errors() {
  local line message='' help='' place=()
  local arrow='^ *--> (.*):([0-9]+):([0-9]+)$' advice='^ +(= )?help: (.*)$'
  while IFS= read -r line; do
    if [[ $line == 'error: '* ]]; then
      [ -z "$message" ] || annotate error "$message$help" ${place[@]+"${place[@]}"}
      message=${line#error: } help='' place=()
    elif [[ $line =~ $arrow ]]; then
      place=("${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}")
    elif [[ $line =~ $advice ]]; then
      help=$newline${BASH_REMATCH[2]}
    fi
  done
  [ -z "$message" ] || annotate error "$message$help" ${place[@]+"${place[@]}"}
}

# A value of the JSON report: the program writes each of these on a line of its own. Arguments: the
# first line of the object that holds it, the blanks before the key, and the key.
field() {
  sed -nE "/^$1\$/,/^${2#??}\}/s/^$2\"$3\": \"?([a-z_0-9]+)\"?,?\$/\1/p" <"$json"
}

found='' assurance='' members='' violations='' complete=false
if [ -n "$INPUT_VERIFY" ]; then
  if [ -n "$INPUT_POLICY$INPUT_ROSTER$INPUT_ROSTER_AS_OF$INPUT_PREVIOUS$INPUT_SLACK" ] ||
    [ "$INPUT_UPLOAD_SARIF$INPUT_SLACK_NAMES" != falsefalse ]; then
    fail 2 "verify judges a saved report and does nothing else: omit policy, roster, roster-as-of, previous, slack, slack-names and upload-sarif"
  fi
  # Without these two any report would pass.
  if [ "$INPUT_POLICY_SHA256" = none ] || [ "$slugs" -eq 0 ]; then
    fail 2 "verify needs policy-sha256 and workspaces: any report would pass without them"
  fi
  gate verify --require-live "--max-age=${INPUT_MAX_AGE:-26h}" ${more[@]+"${more[@]}"} \
    -- "$INPUT_VERIFY" | tee "$scratch/console" || code=$?
  # Four blanks make it a block of code, whatever the lines contain.
  sed 's/^/    /' "$scratch/console" >"$scratch/summary.md"
  case $(head -n 1 "$scratch/console") in
    compliant:*) found=compliant ;;
    'not enforced:'*) found=not_enforced ;;
    violations:*) found=violations ;;
  esac
  # It demands that.
  [ -z "$found" ] || assurance=live
else
  case $INPUT_ON_MISSING_CREDENTIALS in
    fail) ;;
    skip)
      # Only where GitHub withholds secrets: elsewhere a missing one is a mistake.
      if [ "$GITHUB_EVENT_NAME" = pull_request ] && [ "$HEAD_REPOSITORY" != "$GITHUB_REPOSITORY" ] &&
        ! has_credential; then
        said="skipped: a pull request from a fork is given no credentials, so nobody was asked who has a second factor. This is no verdict."
        annotate warning "$said"
        printf '### mfa-gate\n\n:warning: %s\n' "$said" >>"$GITHUB_STEP_SUMMARY"
        output verdict skipped
        exit 0
      fi
      ;;
    *) fail 2 "on-missing-credentials must be fail or skip" ;;
  esac
  [ -z "$INPUT_POLICY" ] || more+=("--policy=$INPUT_POLICY")
  [ -z "$INPUT_ROSTER" ] || more+=("--roster=$INPUT_ROSTER")
  [ -z "$INPUT_ROSTER_AS_OF" ] || more+=("--roster-as-of=$INPUT_ROSTER_AS_OF")
  [ -z "$INPUT_PREVIOUS" ] || more+=("--previous=$INPUT_PREVIOUS")
  [ -z "$INPUT_SLACK" ] || more+=("--slack=$INPUT_SLACK")
  [ "$INPUT_SLACK_NAMES" = false ] || more+=(--slack-names)
  gate check --report=github=- "--report=json=$json" "--report=junit=$junit" \
    "--report=sarif=$sarif" "--report=html=$html" "--report=markdown=$scratch/summary.md" \
    ${more[@]+"${more[@]}"} || code=$?
  if [ -f "$json" ]; then
    found=$(field '\{' '  ' verdict)
    assurance=$(field '\{' '  ' assurance)
    complete=$(field '\{' '  ' complete)
    members=$(field '  "summary": \{' '    ' members)
    violations=$(field '  "summary": \{' '    ' violations)
  fi
fi

ended=$code
# The exit code outranks the report, which may have been written before something else failed.
case $code in
  0 | 1)
    # It ended as if it had a verdict and showed none: that is no pass.
    if [ -z "$found" ]; then
      annotate error "mfa-gate ended with $code and without a verdict"
      code=3 ended=3 found=incomplete
    fi
    ;;
  2) found=error ;;
  3) found=incomplete ;;
  # It could not be started, or it was stopped.
  *)
    annotate error "mfa-gate did not run to its end: the runner says $code"
    ended='' code=3 found=incomplete
    ;;
esac
[ "$found" != error ] && [ "$found" != incomplete ] || complete=false

case $assurance in
  '' | live) ;;
  *) annotate warning "this run is $assurance, not live: it is no evidence. Are BITBUCKET_API_URL, ATLASSIAN_API_URL, AZURE_AUTHORITY_HOST and MFA_GATE_GRAPH_URL unset?" ;;
esac

sed -n '/^error: /,$p' "$scratch/log" >"$scratch/errors"
annotate_errors <"$scratch/errors"
[ ! -s "$scratch/summary.md" ] || cat "$scratch/summary.md" >>"$GITHUB_STEP_SUMMARY"
if [ -s "$scratch/errors" ]; then
  summarize "$found" <"$scratch/errors"
elif [ ! -s "$scratch/summary.md" ]; then
  echo "The log of the step says why." | summarize "$found"
fi
# An upload compares the place of each finding with the policy's text; here it finds none.
mkdir "$scratch/empty"
output empty-folder "$scratch/empty"
output verdict "$found"
output assurance "$assurance"
output exit-code "$ended"
output complete "$complete"
output members "$members"
output violations "$violations"
# With verify these are an earlier run's, where they are there at all.
if [ -z "$INPUT_VERIFY" ]; then
  [ ! -f "$json" ] || output json-file "$json"
  [ ! -f "$junit" ] || output junit-file "$junit"
  [ ! -f "$sarif" ] || output sarif-file "$sarif"
  [ ! -f "$html" ] || output html-file "$html"
fi
exit "$code"
