"""What a site offers to machines: catalog and pages → texts and bytes, written by an adapter."""
