"""How the embedded models were trained. Nothing imports it."""
