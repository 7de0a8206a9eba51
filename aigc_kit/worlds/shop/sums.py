"""Sums as a pupil writes them, digit by digit.

Every step is a fact of the small tables.

35 x 3 + 8:  个位5×3=15写5进1，十位3×3=9，9+1=10，得105；个位5+8=13写3进1，十位10+1=11，得113
"""

from aigc_kit.worlds.shop.messages import Message


def product(price: int, count: int) -> str:
    """Write price x count; price in 10..99, count in 1..9."""
    tens, ones = divmod(price, 10)
    carry, low = divmod(ones * count, 10)
    high = tens * count
    return (
        f"个位{ones}×{count}={ones * count}写{low}进{carry}，十位{tens}×{count}={high}，"
        f"{high}+{carry}={high + carry}，得{price * count}"
    )


def addition(left: int, right: int) -> str:
    """Write left + right; a negative right is taken off.

    |right| in 1..9, left >= 10.
    """
    high, ones = divmod(left, 10)
    amount = abs(right)
    if right > 0:
        carry, low = divmod(ones + amount, 10)
        return (
            f"个位{ones}+{amount}={ones + amount}写{low}进{carry}，十位{high}+{carry}={high + carry}，得{left + right}"
        )
    loan = int(ones < amount)
    ones += 10 * loan
    low, rest = ones - amount, high - loan
    return f"个位{ones}-{amount}={low}写{low}借{loan}，十位{high}-{loan}={rest}，得{left + right}"


def working(message: Message) -> str:
    """Write the steps to what the customer pays.

    The answer stands behind them.
    """
    order = message.order
    steps = [product(order.price, order.quantity)]
    if message.fee:
        steps.append(addition(order.price * order.quantity, message.fee))
    return f"{'；'.join(steps)}。答案{message.total}"
