# What the scripts of the action share. For bash 3.2, which macOS has.
# shellcheck shell=bash

# Prints an annotation. Arguments: error, warning or notice, and the message.
annotate() {
  local message=$2
  # What the runner takes for the end of a command, or for an escape.
  message=${message//'%'/%25}
  message=${message//$'\r'/%0D}
  message=${message//$'\n'/%0A}
  printf '::%s title=mfa-gate::%s\n' "$1" "$message"
}

# Ends the step as the program would: with 2 where something is set wrong, with 3 where something
# could not be found out. Arguments: the exit code and the message.
fail() {
  annotate error "$2"
  exit "$1"
}

# Sets an output of the step, whatever its value contains.
output() {
  local mark
  mark="mfa-gate-$RANDOM$RANDOM$RANDOM$RANDOM"
  printf '%s<<%s\n%s\n%s\n' "$1" "$mark" "$2" "$mark" >>"$GITHUB_OUTPUT"
}
