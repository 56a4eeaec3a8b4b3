"""Networks that look at pictures for the metrics. Their weights come from files: safetensors, or a published pickle."""
