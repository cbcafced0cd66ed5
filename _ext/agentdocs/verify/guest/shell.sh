# The shell that snippets are run in, one after the other. Orders come on descriptor 240: a file to
# source and how it is called in messages. What happens is told on descriptor 241.
command_not_found_handle() {
  printf 'missing %s %s\n' "${BASH_LINENO[0]}" "$1" >&241
  printf '%s: command not found\n' "$1" >&2
  return 127
}
__agentdocs_failed() { printf 'failed %s %s %s\n' "$1" "$2" "$3" >&241; }
while IFS= read -r __agentdocs_file <&240; do
  trap '__agentdocs_failed "$?" "$LINENO" "${BASH_COMMAND%%$'"'\\n'"'*}"' ERR
  set -eE
  source "$__agentdocs_file"
  set +eEuvx +o pipefail
  trap - ERR
  printf 'done\n' >&241
done
