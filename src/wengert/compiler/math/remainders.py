"""fmod, which is exact, and hypot.

Where the quotient q has fewer digits than a number, x - q y is exact though the quotient was
rounded: it is the remainder, or that less y. For larger quotients the digits of x are divided by
those of y as integers, lane by lane, some at a time.
"""

from __future__ import annotations

from wengert.compiler.math.function import function
from wengert.compiler.math.lanes import each_lane
from wengert.compiler.math.numbers import (
    Number,
    fma,
    power_of_two,
    precision,
    product_of,
    rarely,
    where,
)

NAME = "@wengert.remainder"


@function
def fmod(x: Number, y: Number) -> Number:
    """x less the largest multiple of y towards 0, with the sign of x; exact."""
    at = precision(x)
    a, b = abs(x), abs(y)
    q = (a / b).rounded("trunc")
    product, lost = product_of(q, b)
    rest = (a - product) - lost
    rest = where(rest < 0, rest + b, rest)
    large = (a / b > 2.0 ** (at.digits - 1)) & (b > 0) & (a < float("inf"))
    if not x.code.fused:  # products of tiny numbers lose digits
        large = large | (a > b) & (b > 0) & (b < at.tiniest_normal * 2.0**at.digits)
    (found,) = rarely(large, [rest], lambda: [where(large, _slowly(a, b, large), rest)])
    return where(a < b, a, found).with_sign_of(x)


def _slowly(a: Number, b: Number, large: Number) -> Number:
    a, b = where(large, a, 1.0), where(large, b, 1.0)
    return each_lane(NAME, _TEXT, [a, b])


_TEXT = """define internal double @wengert.remainder(double %x, double %y) noinline nounwind {
entry:
  %xn = call double @wengert.normal(double %x)
  %yn = call double @wengert.normal(double %y)
  %xs = fcmp olt double %x, 0x0010000000000000
  %ys = fcmp olt double %y, 0x0010000000000000
  %xb = bitcast double %xn to i64
  %yb = bitcast double %yn to i64
  %xf = lshr i64 %xb, 52
  %yf = lshr i64 %yb, 52
  %xd = select i1 %xs, i64 54, i64 0
  %yd = select i1 %ys, i64 54, i64 0
  %xe = sub i64 %xf, %xd
  %ye = sub i64 %yf, %yd
  %xl = and i64 %xb, 4503599627370495
  %yl = and i64 %yb, 4503599627370495
  %xm = or i64 %xl, 4503599627370496
  %ym = or i64 %yl, 4503599627370496
  %first = urem i64 %xm, %ym
  %count = sub i64 %xe, %ye
  br label %head
head:
  %rest = phi i64 [%first, %entry], [%next, %body]
  %left = phi i64 [%count, %entry], [%less, %body]
  %more = icmp sgt i64 %left, 0
  br i1 %more, label %body, label %end
body:
  %few = icmp slt i64 %left, 11
  %step = select i1 %few, i64 %left, i64 11
  %moved = shl i64 %rest, %step
  %next = urem i64 %moved, %ym
  %less = sub i64 %left, %step
  br label %head
end:
  %value = uitofp i64 %rest to double
  %e = sub i64 %ye, 1075
  %half = ashr i64 %e, 1
  %other = sub i64 %e, %half
  %hb = add i64 %half, 1023
  %ob = add i64 %other, 1023
  %hs = shl i64 %hb, 52
  %os = shl i64 %ob, 52
  %hf = bitcast i64 %hs to double
  %of = bitcast i64 %os to double
  %part = fmul double %value, %hf
  %made = fmul double %part, %of
  ret double %made
}
define internal double @wengert.normal(double %x) nounwind {
  %s = fcmp olt double %x, 0x0010000000000000
  %l = fmul double %x, 0x4350000000000000
  %n = select i1 %s, double %l, double %x
  ret double %n
}"""
"""The remainder of positive doubles x and y, x > y: 11 binary digits of the quotient at a time."""


@function
def hypot(x: Number, y: Number) -> Number:
    """sqrt(x^2 + y^2), of numbers scaled by the larger one's exponent; inf beats NaN."""
    a, b = abs(x), abs(y)
    if x.type == "float":
        c, d = a.to("double"), b.to("double")
        found = (c * c + d * d).sqrt().to("float")
    else:
        found = _scaled_root(where(a > b, a, b), where(a > b, b, a))
    infinite = a.equals(float("inf")) | b.equals(float("inf"))
    return where(infinite, float("inf"), found)


def _scaled_root(large: Number, small: Number) -> Number:
    """The root of large^2 + small^2, with what rounding took from the squares."""
    at = precision(large)
    e = (large.bits() >> at.digits) - at.bias
    e = where(e > at.bias - 2, at.bias - 2, where(e < 2 - at.bias, 2 - at.bias, e))
    down = power_of_two(-e, large.type)
    c, d = large * down, small * down
    square, lost = product_of(c, c)
    total = fma(d, d, square)
    left = fma(d, d, square - total) + lost
    root = total.sqrt()
    corrected = root + where(total > 0, left / (2 * root), 0.0)
    return corrected * power_of_two(e, large.type)
