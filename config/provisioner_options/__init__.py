"""What each kind of provisioner needs to know about a component: one file a kind, validated when a plan is loaded."""
