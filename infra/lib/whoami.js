// The API's answer: who called, as API Gateway learnt it from the signature. Put into the template as it is.
exports.handler = async (/** @type {any} */ event) => {
  const caller = event.requestContext.authorizer.iam;
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify({ identityId: caller.cognitoIdentity?.identityId ?? null, userArn: caller.userArn }),
  };
};
