"""The services of the API over one channel."""

import grpc

from slx.v1.admin_pb2_grpc import AdminServiceStub
from slx.v1.calendar_pb2_grpc import CalendarServiceStub
from slx.v1.clock_pb2_grpc import ClockServiceStub
from slx.v1.compliance_pb2_grpc import ComplianceServiceStub
from slx.v1.contract_pb2_grpc import ContractServiceStub
from slx.v1.forecast_pb2_grpc import ForecastServiceStub
from slx.v1.incident_pb2_grpc import IncidentServiceStub
from slx.v1.settlement_pb2_grpc import SettlementServiceStub
from slx.v1.webhook_pb2_grpc import WebhookServiceStub


class Stubs:
    """The generated stubs: their methods are what `Client.call` and `Client.stream` call."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.admin = AdminServiceStub(channel)
        self.calendars = CalendarServiceStub(channel)
        self.clocks = ClockServiceStub(channel)
        self.compliance = ComplianceServiceStub(channel)
        self.contracts = ContractServiceStub(channel)
        self.forecasts = ForecastServiceStub(channel)
        self.incidents = IncidentServiceStub(channel)
        self.settlement = SettlementServiceStub(channel)
        self.webhooks = WebhookServiceStub(channel)
