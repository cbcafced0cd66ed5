# ```{include} @SECRET@
# ```
print("</pre><script>window.pwned = 'python'</script>")
