// A drain for each schedule, and the HTTP API for each request, by the function's environment.
// With a configuration of your own: export const handler = createHandler({ … })
export { handler } from 'walhook/lambda';
