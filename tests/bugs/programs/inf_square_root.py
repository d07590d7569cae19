"""A square root that starts at zero: its slope there is infinite.

cause: sqrt
"""

import wengert as wg

variance = wg.tensor([0.0, 1.0], requires_grad=True)
deviation = variance.sqrt()  # cause
loss = deviation.sum()
loss.backward()

answer = wg.why(variance, loss)
