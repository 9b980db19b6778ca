// Sessions: registering and logging in.

import { type Api, dataOf } from './api.js'
import { graphql } from './gql/index.js'

const LogIn = graphql(`
  mutation LogIn($email: String!, $password: String!) {
    logIn(input: { email: $email, password: $password }) {
      token
      errors {
        message
      }
    }
  }
`)

const Register = graphql(`
  mutation Register($email: String!, $displayName: String!, $password: String!) {
    registerUser(input: { email: $email, displayName: $displayName, password: $password }) {
      token
      errors {
        message
      }
    }
  }
`)

/** Logs in and returns the token of the session. */
export async function logIn(api: Api, email: string, password: string): Promise<string> {
  const { logIn } = await dataOf(api.http.mutation(LogIn, { email, password }))
  return tokenOf(logIn)
}

/** Registers a user and returns the token of the session. The first user becomes an admin. */
export async function register(api: Api, email: string, password: string): Promise<string> {
  const displayName = email.replace(/@.*/, '')
  const { registerUser } = await dataOf(api.http.mutation(Register, { email, displayName, password }))
  return tokenOf(registerUser)
}

function tokenOf(session: { token: string | null; errors: { message: string }[] } | null): string {
  if (!session?.token) throw new Refused(session?.errors ?? [])
  return session.token
}

/** A refused command, with the server's messages, which are written for people. */
export class Refused extends Error {
  constructor(errors: { message: string }[]) {
    super(errors.map(({ message }) => message).join('; ') || 'there is no answer')
  }
}
