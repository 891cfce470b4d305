"""Small tools that know nothing of orchd."""
