"""What golive is rehearsed with: a GitHub on loopback, a registry, a sample app. Nothing in components/ knows of it."""
