// Starts GraphiQL against the API of the server that the page came from.
"use strict";

(() => {
  const welcome = `# FlightDeck
#
# Every change is an event in one log;
# every answer is a fold of that log.
#
# The triangle or Ctrl-Enter runs this.
# Ctrl-Space completes. The book on the
# left is the reference.

{ log { head } }

# To act as somebody, call logIn, then
# put the token into "Headers" below;
# subscriptions send it as well:
#
#   { "authorization": "Bearer ..." }
#
# To watch what happens, in another tab:
#
#   subscription {
#     eventAppended { position type }
#   }
#
# To see the past, give a position or
# an instant to asOf:
#
#   {
#     contents(first: 5, asOf: "1") {
#       nodes { title status }
#     }
#   }
`;

  const endpoint = new URL("graphql", location.href);
  endpoint.search = endpoint.hash = "";
  const socket = new URL(endpoint);
  socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

  // GraphiQL sends what is in the tab "Headers" as headers with each request, and as
  // connection parameters with the websocket of a subscription. The server reads
  // "authorization" in both.
  const fetcher = GraphiQL.createFetcher({
    url: endpoint.href,
    subscriptionUrl: socket.href,
    enableIncrementalDelivery: false, // the API has no @defer
  });

  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(
      GraphiQL,
      {
        fetcher,
        defaultQuery: welcome,
        defaultTabs: [{ query: welcome }],
        defaultEditorToolsVisibility: "headers",
        inputValueDeprecation: true,
      },
      React.createElement(GraphiQL.Logo, null, "FlightDeck"),
    ),
  );
})();
