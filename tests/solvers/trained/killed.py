"""A training that is killed."""

import pytest


def kill_at(solver, step, model, prompts):
    """Solve, and be stopped at this step; the solver is as before afterwards."""
    plain = solver.loss

    def loss(*given):
        loss_at = plain(*given)

        def at(number, generator):
            if number == step:
                raise KeyboardInterrupt
            return loss_at(number, generator)

        return at

    solver.loss = loss
    with pytest.raises(KeyboardInterrupt):
        solver.solve(model, prompts)
    del solver.loss
