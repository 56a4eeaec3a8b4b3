"""One HTML file of a study: tables, figures, pictures on the same seeds, configs and hashes; no server, no network."""
