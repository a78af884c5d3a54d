import type { Config } from './schema.ts';
import { tagOf } from '../dicom/dictionary.ts';
import { checkInputs } from './check-inputs.ts';
import { checkNames, checkRecipe } from './check-recipes.ts';
import { isRegularExpression } from './regular-expression.ts';
import { isAddressOrRange, isLoopback } from './address-range.ts';

export interface ReferenceProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What the schema cannot see: names that refer to nothing, the same name twice, a peer that cannot be reached. */
export function* checkReferences(config: Config): Generator<ReferenceProblem> {
  yield* unique('peers', config.peers);
  yield* unique('destinations', config.destinations);
  yield* unique('routes', config.routes);
  yield* checkAccess(config.http);
  yield* checkNodes(config.worker);
  yield* checkTls(config);
  // By its name it is remembered what a channel has told.
  yield* unique('notifications', [...config.notifications.webhooks, ...config.notifications.emails]);

  for (const [i, peer] of config.peers.entries()) {
    for (const [k, address] of peer.addresses.entries()) {
      if (!isAddressOrRange(address))
        yield { path: ['peers', i, 'addresses', k], message: 'no address and no CIDR range' };
    }
    if ((peer.host === undefined) !== (peer.port === undefined)) {
      yield { path: ['peers', i], message: 'host and port go together' };
    }
    if (peer.storageCommitment && peer.host === undefined) {
      yield {
        path: ['peers', i, 'storageCommitment'],
        message: `peer ${peer.name} needs host and port: that is where a result is told that it does not take on its own association`,
      };
    }
  }

  const peers = new Map(config.peers.map((peer) => [peer.name, peer]));
  const callers = config.peers.filter((peer) => peer.addresses.length > 0);
  for (const [i, destination] of config.destinations.entries()) {
    if (destination.peer === 'return-to-sender') {
      const unreachable = callers.find((peer) => peer.host === undefined);
      if (unreachable !== undefined) {
        yield {
          path: ['destinations', i, 'peer'],
          message: `return-to-sender needs host and port of every peer that calls; peer ${unreachable.name} has none`,
        };
      }
      continue;
    }
    const peer = peers.get(destination.peer);
    if (peer === undefined) {
      yield {
        path: ['destinations', i, 'peer'],
        message: `no peer '${destination.peer}'; peers: ${list([...peers.keys()])}`,
      };
    } else if (peer.host === undefined) {
      yield { path: ['destinations', i, 'peer'], message: `peer ${peer.name} has no host and port` };
    }
  }

  yield* checkRecipes(config);
  yield* checkInputs(config);
  const destinations = config.destinations.map((destination) => destination.name);
  for (const [i, route] of config.routes.entries()) {
    for (const [k, name] of route.destinations.entries()) {
      if (!destinations.includes(name)) {
        yield {
          path: ['routes', i, 'destinations', k],
          message: `no destination '${name}'; destinations: ${list(destinations)}`,
        };
      }
    }
    if (route.when.address !== undefined && !isAddressOrRange(route.when.address)) {
      yield { path: ['routes', i, 'when', 'address'], message: 'no address and no CIDR range' };
    }
    for (const [k, condition] of route.when.attributes.entries()) {
      const path = ['routes', i, 'when', 'attributes', k];
      if (tagOf(condition.tag) === undefined)
        yield { path: [...path, 'tag'], message: 'no DICOM keyword and no ggggeeee' };
      if (condition.matches !== undefined && !isRegularExpression(condition.matches)) {
        yield { path: [...path, 'matches'], message: 'no regular expression' };
      }
    }
  }
}

function* checkRecipes({ recipes, routes, destinations }: Config): Generator<ReferenceProblem> {
  yield* unique('recipes', recipes);
  for (const [i, recipe] of recipes.entries()) {
    for (const { path, message } of checkRecipe(recipe)) yield { path: ['recipes', i, ...path], message };
  }
  for (const [i, { recipe: name, models, destinations: to, tilt }] of routes.entries()) {
    if ((name === undefined) === (models.length === 0))
      yield { path: ['routes', i], message: 'either models or recipe' };
    if (name === undefined) continue;
    if (tilt === 'resolve')
      yield {
        path: ['routes', i, 'tilt'],
        message: 'a recipe is not for tilted series: its distances are of an upright grid',
      };
    const at = recipes.findIndex((recipe) => recipe.name === name);
    if (at < 0) {
      const message = `no recipe '${name}'; recipes: ${list(recipes.map((recipe) => recipe.name))}`;
      yield { path: ['routes', i, 'recipe'], message };
      continue;
    }
    for (const destination of destinations.filter((one) => to.includes(one.name))) {
      for (const { path, message } of checkNames(recipes[at]!, destination))
        yield { path: ['recipes', at, ...path], message };
    }
  }
}

function* checkTls({ dicom, peers }: Config): Generator<ReferenceProblem> {
  if (!dicom.plain && dicom.tls === undefined)
    yield { path: ['dicom', 'plain'], message: 'no port would be open: dicom.tls is missing' };
  if (dicom.plain && dicom.tls?.port === dicom.port)
    yield { path: ['dicom', 'tls', 'port'], message: 'the plain port has the same number' };
  for (const [i, { addresses, tls }] of peers.entries()) {
    if (tls === undefined) continue;
    if ((tls.certificateFile === undefined) !== (tls.keyFile === undefined))
      yield { path: ['peers', i, 'tls'], message: 'certificateFile and keyFile go together' };
    if (addresses.length > 0 && tls.incoming === 'required' && dicom.tls === undefined)
      yield { path: ['peers', i, 'tls'], message: 'it must call by TLS, and dicom.tls is missing' };
  }
}

function* checkNodes({ nodes }: Config['worker']): Generator<ReferenceProblem> {
  for (const [i, { url, certificateFile, keyFile }] of nodes.entries()) {
    const path = ['worker', 'nodes', i];
    if (nodes.findIndex((other) => other.url === url) < i) yield { path, message: `${url} stands there twice` };
    if ((certificateFile === undefined) !== (keyFile === undefined))
      yield { path, message: 'certificateFile and keyFile go together' };
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !isLoopback(hostname))
      yield { path, message: 'images and token would cross the network in clear: use https' };
  }
}

function* checkAccess({ host, tls, users, tokens, certificates, proxy }: Config['http']): Generator<ReferenceProblem> {
  yield* unique(['http', 'users'], users);
  yield* unique(['http', 'tokens'], tokens);
  yield* unique(['http', 'certificates'], certificates);
  if (certificates.length > 0 && tls === undefined)
    yield { path: ['http', 'certificates'], message: 'certificates are shown over TLS, and http.tls is missing' };
  for (const [i, { certificate }] of certificates.entries()) {
    if (!certificate.startsWith('sha256:') && tls !== undefined && tls.caFile === undefined)
      yield {
        path: ['http', 'certificates', i],
        message: 'a subject counts only if a CA signed it: http.tls.caFile is missing',
      };
  }
  for (const [i, address] of proxy.addresses.entries()) {
    if (!isAddressOrRange(address))
      yield { path: ['http', 'proxy', 'addresses', i], message: 'no address and no CIDR range' };
  }
  for (const [i, user] of users.entries()) {
    if (user.password === undefined && proxy.addresses.length === 0) {
      yield { path: ['http', 'users', i], message: `${user.name} has no password, and there is no proxy` };
    }
  }
  if (
    !isLoopback(host) &&
    users.length === 0 &&
    tokens.length === 0 &&
    certificates.length === 0 &&
    proxy.addresses.length === 0
  ) {
    yield {
      path: ['http', 'host'],
      message: `${host} is not a loopback address, and there are no users: see \`contour-node user --help\``,
    };
  } else if (!isLoopback(host) && tls === undefined && proxy.addresses.length === 0) {
    yield {
      path: ['http', 'host'],
      message: 'passwords would cross the network in clear: configure http.tls, or http.proxy.addresses',
    };
  }
}

function* unique(
  section: string | readonly string[],
  entries: readonly { name: string }[],
): Generator<ReferenceProblem> {
  for (const [i, entry] of entries.entries()) {
    if (entries.findIndex((other) => other.name === entry.name) < i) {
      yield { path: [section, i, 'name'].flat(), message: `'${entry.name}' stands there twice` };
    }
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none configured' : names.join(', ');
}
