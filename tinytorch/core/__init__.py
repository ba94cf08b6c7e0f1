"""The core of the engine, small enough to read in one sitting. In this order:

- tensor: a number or array that remembers what made it
- op: one operation, all that is known of it, and how it is applied and recorded
- vjp: what one op sends back to its operands
- backward: the order of the pass, and the pass itself

Then, as needed:

- differentiate: grad, jacobian, hessian ... of functions
- edges: the pass edge by edge, for pictures
- grad_mode: no_grad, scopes, the clock of creation stamps
- functions: what users call, by name
- errors, pole_warnings: messages that name the user's line
- singularities: where ops have no value, no derivative, or jump
"""
