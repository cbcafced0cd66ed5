window.pwned = "companion-script"; // </script><script>window.pwned = "closed"</script>
const fence = "``````{include} @SECRET@";
