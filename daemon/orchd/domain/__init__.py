"""What a change means: one module per noun, one plain function per change."""
