"""The desk as a channel."""

from contracts.notification import Notification, Receipt


class DeskNotifier:
    """The duty desk itself: it shows what the outbox holds, so to be kept is to be delivered.

    needs: nothing · configuration: none, always on · delivery: with the transaction that wrote the notification ·
    ordering: as written · limits: nobody hears it who has no desk open.
    """

    def send(self, notification: Notification) -> Receipt:
        del notification
        return Receipt(delivered=True, detail="已显示在值班台。", retryable=False)
