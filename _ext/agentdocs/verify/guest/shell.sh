# The shell that snippets are run in, one after the other. Orders come on descriptor 240: a file to
# source. What happens is told on descriptor 241. A shell that ends leaves its names and functions
# in the file $1, for the one that follows.
__agentdocs_state=$1
if [[ -e $__agentdocs_state ]]; then source "$__agentdocs_state" 2>/dev/null; fi

command_not_found_handle() {
  printf 'missing %s|%s\n' "${BASH_LINENO[*]}" "$1" >&241
  printf '%s: command not found\n' "$1" >&2
  return 127
}
exit() {
  local status=${1:-$?}
  if ((BASH_SUBSHELL == 0)); then
    printf 'exit %s\n' "${BASH_LINENO[*]}" >&241
    __agentdocs_keep
  fi
  builtin exit "$status"
}
__agentdocs_keep() {
  { declare -p | grep -v '^declare -[^ ]*r'; declare -f; printf 'cd %q\n' "$PWD"; } >"$__agentdocs_state"
}
__agentdocs_failed() {
  # Of a list (`a && b`) that fails, the trap names the line that sourced it; the last command of
  # it stands in what DEBUG has noted.
  local lines=$2 command=$3
  if [[ $command == 'source "$__agentdocs_file"'* ]]; then lines=$__agentdocs_at command=$__agentdocs_did; fi
  printf 'failed %s|%s|%s\n' "$1" "$lines ${BASH_LINENO[*]}" "${command%%$'\n'*}" >&241
  if ((BASH_SUBSHELL == 0)); then __agentdocs_keep; fi
}
while IFS= read -r __agentdocs_file <&240; do
  trap '__agentdocs_failed "$?" "$LINENO" "$BASH_COMMAND"' ERR
  trap '[[ $BASH_COMMAND == "source \"\$__"* ]] || __agentdocs_at=$LINENO __agentdocs_did=$BASH_COMMAND' DEBUG
  set -eET
  source "$__agentdocs_file"
  trap - DEBUG ERR
  set +eETuvx +o pipefail
  printf 'done\n' >&241
done
