"""The core of the engine, small enough to read in one sitting. In this order:

- tensor: a number or array that remembers its creation
- op: one operation with all its properties; applying and recording it
- vjp: the contributions of one op to its operands' gradients
- backward: the order of the pass, and the pass itself

Then, as needed:

- differentiate: grad, jacobian, hessian ... of functions
- edges: the pass edge by edge, for pictures
- grad_mode: no_grad, scopes, the clock of creation stamps
- functions: the public functions, by name
- errors, pole_warnings: messages that name the user's line
- singularities: points where ops have no value or no derivative, or jump
"""
