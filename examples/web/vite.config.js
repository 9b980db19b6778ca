import { defineConfig } from 'vite'

// The page and the API share one origin, so the server need not allow another.
export default defineConfig({
  server: { proxy: { '/graphql': { target: process.env.FLIGHTDECK_URL ?? 'http://127.0.0.1:8080', ws: true } } },
})
