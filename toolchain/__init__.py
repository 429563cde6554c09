"""The Pulumi engine, its plugins and the images, from published modules where their downloads cannot be reached."""
