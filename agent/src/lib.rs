//! tokensign: a signing agent for hardware tokens.
