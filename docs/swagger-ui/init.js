'use strict';
// Draws the page. It asks nobody but the server that it came from: no validator badge, no other host.
SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#api',
  validatorUrl: null,
  deepLinking: true,
  defaultModelsExpandDepth: 0, // the schemas stand with the operations; the list of all of them stays folded
  displayRequestDuration: true,
});
