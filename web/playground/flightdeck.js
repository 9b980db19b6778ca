// Starts GraphiQL with the API of the page's server.
"use strict";

(() => {
  // The tabs are the steps of the tour in the README.
  const tabs = [
    {
      query: `# FlightDeck: every change is an event in one log,
# every answer a fold of that log. Run the tabs
# from left to right: the triangle or Ctrl-Enter
# runs one. The book on the left is the reference.

# The first user of an empty log is an admin. From
# here on this page sends the token, unless a
# tab's headers name another one.

mutation Register {
  registerUser(
    input: {
      email: "ada@example.org"
      displayName: "Ada"
      password: "correct horse battery"
    }
  ) {
    token
    user { id role }
    errors { message }
  }
}

# On a log that has users, log in instead:
#
#   mutation LogIn {
#     logIn(input: { email: "...", password: "..." }) {
#       token
#       errors { message }
#     }
#   }
`,
    },
    {
      query: `# It is answered when it is durable. The position
# is its place in the log.

mutation Create {
  createContent(
    input: {
      title: "Hello, log"
      content: "# Hello\\n\\nThe first draft."
      tags: ["tour"]
    }
  ) {
    content { id slug version status html }
    position
    errors { message path }
  }
}
`,
    },
    {
      query: `# The variable id is empty: this page fills in the
# content that it created last.

# expectedVersion is the optimistic lock. Run it
# twice: the second run is a conflict, and its
# answer has the current content.

mutation Update($id: ID!) {
  updateContent(
    input: {
      id: $id
      expectedVersion: 1
      content: "# Hello\\n\\nThe second draft."
    }
  ) {
    content { version diff(from: 1) { changes { path patch } } }
    errors { __typename message }
  }
}
`,
      variables: `{ "id": "" }`,
    },
    {
      query: `# The same content, now and as it was: at a
# position of the log, or at an instant such as
# "2026-01-31T12:00:00Z". The history lists the
# positions; on a log that was empty, the content
# begins at 2.

query Before($id: ID!) {
  now: content(id: $id) {
    version
    content
    history { nodes { position type recordedAt } }
  }
  before: content(id: $id, asOf: "2") { version content }
}
`,
      variables: `{ "id": "" }`,
    },
    {
      query: `# Everything after a position, from the beginning
# here, then live: run it, and create something in
# another tab.

# To resume, set after to the last position that
# you have received. No event is missing then, and
# none comes twice.

subscription Listen {
  eventStream(after: "0") {
    __typename
    ... on EventReceived {
      position
      event { type recordedAt actor { displayName } }
    }
    ... on CaughtUp { position }
    ... on Checkpoint { position }
    ... on StreamReset { position reason }
  }
}
`,
    },
  ];

  const endpoint = new URL("graphql", location.href);
  endpoint.search = endpoint.hash = "";
  const socket = new URL(endpoint);
  socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

  // GraphiQL sends the headers of a tab with each request, and as connection
  // parameters with the websocket of a subscription. The server reads "authorization"
  // in both.
  const send = GraphiQL.createFetcher({
    url: endpoint.href,
    subscriptionUrl: socket.href,
    enableIncrementalDelivery: false, // the API has no @defer
  });

  // The results of earlier steps that later steps use. They end with the page.
  const latest = { token: "", content: "" };

  const note = (result) => {
    const data = result?.data ?? {};
    latest.token = data.registerUser?.token ?? data.logIn?.token ?? latest.token;
    latest.content = data.createContent?.content?.id ?? latest.content;
    return result;
  };

  // Adds the token and the id, unless the tab has its own.
  const fetcher = async (params, options = {}) => {
    const names = Object.keys(options.headers ?? {});
    if (latest.token && !names.some((name) => name.toLowerCase() === "authorization")) {
      options = { ...options, headers: { ...options.headers, authorization: `Bearer ${latest.token}` } };
    }
    if (params.variables?.id === "") {
      params = { ...params, variables: { ...params.variables, id: latest.content } };
    }
    const result = await send(params, options);
    return Symbol.asyncIterator in result ? result : note(result);
  };

  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(
      GraphiQL,
      {
        fetcher,
        defaultTabs: tabs,
        defaultEditorToolsVisibility: "variables",
        inputValueDeprecation: true,
      },
      React.createElement(GraphiQL.Logo, null, "FlightDeck"),
    ),
  );
})();
