"""The core, to be read first: tensor, op, backward, vjp, grad_mode, differentiate."""
