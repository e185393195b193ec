// A record system that calls the service, made of @medplum/core: what is asked for comes as one line of JSON on standard input, what was had goes out
// as one line. The first line says where: {service, records: {url, token}, user, signer?: {key, iss}}.
import { createInterface } from 'node:readline';
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { MedplumClient, OperationOutcomeError, buildCdsRequest, concatUrls, replaceQueryVariables } from '@medplum/core';

/** @import { CdsAction, CdsRequest, CdsRequestWithAuth, CdsService, CdsUserResource } from '@medplum/core' */
/** @import { MedicationRequest, ResourceType } from '@medplum/fhirtypes' */

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const first = JSON.parse((await lines.next()).value);

// Two clients, as the token of the records is not the service's and a 401 of one is no reason to sign out of the other.
const records = new MedplumClient({ baseUrl: first.records.url, fhirUrlPath: first.records.url, accessToken: first.records.token });
const decisions = new MedplumClient({ baseUrl: first.service });
/** @type {CdsUserResource} */
const user = first.user;
/** @type {CdsService[]} */
let known = [];

/**
 * The header that a call is signed with, made for one call, as CDS Hooks writes it.
 * @param {string} url
 * @returns {{ headers: Record<string, string> }}
 */
function signed(url) {
  if (!first.signer) return { headers: {} };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: first.signer.iss, aud: url, iat: now, exp: now + 240, jti: randomUUID() };
  const header = { alg: 'ES384', typ: 'JWT', kid: first.signer.key.kid };
  const body = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const key = createPrivateKey({ key: first.signer.key, format: 'jwk' });
  const signature = sign('sha384', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return { headers: { Authorization: `Bearer ${body}.${signature}` } };
}

/** @param {string} hook */
function serviceOf(hook) {
  const found = known.find((one) => one.hook === hook);
  if (!found) throw new Error(`no service was discovered for ${hook}`);
  return found;
}

/**
 * The draft orders of a patient, as the records have them now.
 * @param {string} patient
 */
async function drafts(patient) {
  const found = await records.search('MedicationRequest', { patient, status: 'draft' });
  return { resourceType: 'Bundle', type: 'collection', entry: (found.entry ?? []).map(({ resource }) => ({ resource })) };
}

/** @type {Record<string, (said: any) => Promise<unknown>>} */
const verbs = {
  async discover() {
    known = [...(await decisions.getCdsServices()).services];
    return { url: decisions.getCdsServicesUrl(), services: known };
  },

  async templates({ context }) {
    return known.map((one) =>
      Object.fromEntries(Object.entries(one.prefetch ?? {}).map(([k, t]) => [k, replaceQueryVariables(user, context, t)]))
    );
  },

  // Fires a hook; what is sent along is what Medplum makes of the service's templates. `lent` leaves it out and lends the token of the
  // records instead.
  async fire({ hook, patient, selections, lent }) {
    const service = serviceOf(hook);
    /** @type {Record<string, unknown>} */
    const context = { userId: `${user.resourceType}/${user.id}`, patientId: patient };
    if (hook !== 'patient-view') context.draftOrders = await drafts(patient);
    if (selections) context.selections = selections;
    const built = await buildCdsRequest(records, user, lent ? { ...service, prefetch: undefined } : service, context);
    const grant = { token_type: 'Bearer', expires_in: 300, scope: 'patient/*.read', subject: 'relaxant' };
    /** @type {CdsRequest | CdsRequestWithAuth} */
    const request = lent
      ? { ...built, fhirServer: first.records.url, fhirAuthorization: { access_token: first.records.token, ...grant } }
      : built;
    const url = concatUrls(decisions.getCdsServicesUrl(), service.id);
    return { request, answer: await decisions.callCdsService(service.id, request, signed(url)) };
  },

  // One client for both, as its option `cdsServicesUrl` offers: a call that is signed, then one that is not.
  async together({ patient }) {
    const cdsServicesUrl = decisions.getCdsServicesUrl();
    const { url, token: accessToken } = first.records;
    const both = new MedplumClient({ baseUrl: url, fhirUrlPath: url, cdsServicesUrl, accessToken });
    const service = (await both.getCdsServices()).services[0];
    const context = { userId: `${user.resourceType}/${user.id}`, patientId: patient };
    const request = await buildCdsRequest(both, user, service, context);
    const answer = await both.callCdsService(service.id, request, signed(concatUrls(cdsServicesUrl, service.id)));
    const before = both.getAccessToken() ?? null;
    const refused = await both.callCdsService(service.id, request).catch((/** @type {Error} */ error) => error.message);
    return { answer, before, refused, after: both.getAccessToken() ?? null };
  },

  // Does what an accepted suggestion says, in the records.
  async apply({ actions }) {
    for (const action of /** @type {CdsAction[]} */ (actions)) {
      if (action.type === 'delete') {
        const [type, id] = action.resourceId.split('/');
        await records.deleteResource(/** @type {ResourceType} */ (type), id);
      } else if (action.type === 'update') {
        await records.updateResource(/** @type {MedicationRequest & { id: string }} */ (action.resource));
      } else {
        await records.createResource(action.resource);
      }
    }
    return actions.length;
  },

  // @medplum/core has no word for feedback; its `post` sends what the standard writes.
  async feedback({ hook, feedback }) {
    const url = concatUrls(decisions.getCdsServicesUrl(), `${serviceOf(hook).id}/feedback`);
    return (await decisions.post(url, { feedback }, 'application/json', signed(url))) ?? null;
  },

  // Any body to any service, past what Medplum would build.
  async send({ id, body, unsigned }) {
    const url = concatUrls(decisions.getCdsServicesUrl(), id);
    return decisions.callCdsService(id, body, unsigned ? {} : signed(url));
  },
};

for await (const line of lines) {
  const { verb, ...said } = JSON.parse(line);
  let told;
  try {
    told = { had: await verbs[verb](said) };
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    told = { refused: error.outcome };
  }
  process.stdout.write(JSON.stringify(told) + '\n');
}
