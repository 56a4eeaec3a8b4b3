"""Networks that metrics look through: pictures to tensors, each with a key that names its weights and preprocessing."""
