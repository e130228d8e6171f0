//! Foreign text, made harmless for where it lands: one function a context.
