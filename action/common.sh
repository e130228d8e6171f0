# What the scripts of the action share. For bash 3.2, which macOS has.
# shellcheck shell=bash

# A text without what the runner takes for the end of a command, or for an escape.
escaped() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  printf %s "${text//$'\n'/%0A}"
}

# Prints an annotation. Arguments: error, warning or notice, the message, and where there is a place
# its file, line and column.
annotate() {
  local place=''
  if [ $# -eq 5 ]; then
    # The runner takes paths that are relative to the repository.
    place=${3#"${GITHUB_WORKSPACE:-$PWD}"/}
    place=$(escaped "${place#./}")
    place=${place//:/%3A}
    place="file=${place//,/%2C},line=$4,col=$5,"
  fi
  printf '::%s %stitle=mfa-gate::%s\n' "$1" "$place" "$(escaped "$2")"
}

# Shows what went wrong in the step summary, from standard input. Argument: the verdict.
summarize() {
  printf '### mfa-gate: %s\n\n' "$1"
  # Four blanks make it a block of code, whatever the lines contain.
  sed 's/^/    /'
} >>"$GITHUB_STEP_SUMMARY"

# Ends the step as the program would: with 2 where something is set wrong, with 3 where something
# could not be found out. Arguments: the exit code and the message.
fail() {
  annotate error "$2"
  printf '%s\n' "$2" | summarize error
  exit "$1"
}

# Sets an output of the step, whatever its value contains.
output() {
  local mark
  mark="mfa-gate-$RANDOM$RANDOM$RANDOM$RANDOM"
  printf '%s<<%s\n%s\n%s\n' "$1" "$mark" "$2" "$mark" >>"$GITHUB_OUTPUT"
}
