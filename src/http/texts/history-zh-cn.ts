import { formatStatus } from '../../dimse/status.ts';
import { isErrorCode } from '../../errors.ts';
import type { Problem } from '../../problem.ts';
import type { EventOf, JournalEvent } from '../../store/events.ts';
import type { Warning, WarningCode } from '../../warning.ts';
import type { ComparedRoi } from '../../work/correction.ts';
import { messagesInChinese } from './messages-zh-cn.ts';
import { phraseInChinese } from './phrases-zh-cn.ts';
import { warningsInChinese } from './warnings-zh-cn.ts';

/** What has happened; where its line is in no table, the error in Chinese with the line beside it: that has the values. */
export function problemInChinese({ code, message }: Pick<Problem, 'code' | 'message'>): string {
  return phraseInChinese(message) ?? beside(isErrorCode(code) ? messagesInChinese[code] : undefined, message);
}

export function warningInChinese({ code, text }: Pick<Warning, 'code' | 'text'>): string {
  const chinese = Object.hasOwn(warningsInChinese, code) ? warningsInChinese[code as WarningCode] : undefined;
  const [, roi = '', rest = ''] = /^([\w-]+): (.+)$/.exec(text) ?? [];
  const phrase = phraseInChinese(rest);
  return beside(chinese, phrase === undefined ? (phraseInChinese(text) ?? text) : `${roi}：${phrase}`);
}

function beside(chinese: string | undefined, original: string): string {
  return chinese === undefined ? original : `${chinese}（${original}）`;
}

/** The sentence of an event in the history of a series, as src/store/history.ts says it in English. */
export function historyInChinese<Kind extends JournalEvent['kind']>(event: EventOf<Kind>): string {
  return (sentences[event.kind] as (event: EventOf<Kind>) => string)(event);
}

const ways = { 'frame-of-reference': '同一参考坐标系', registration: '按配准', rigid: '自动刚性配准' } as const;

const sentences: { readonly [Kind in JournalEvent['kind']]: (event: EventOf<Kind>) => string } = {
  association: ({ callingAe, peer, address, calledAe }) =>
    `${callingAe}（${peer ?? address}）开始发送图像，被叫 AE 标题 ${calledAe}`,
  'association ended': ({ how, images, problem }) => {
    const ending = { released: '正常释放', aborted: '被中止', lost: '连接中断' }[how];
    return `关联${ending}，共 ${images} 幅图像${because(problem)}`;
  },
  refused: ({ problem }) => `拒绝了一幅图像${because(problem)}`,
  'identified elsewhere': () => '未读取即被拒绝的一幅图像再次到达：它属于另一个序列',
  waits: ({ problem }) => `等待${because(problem)}`,
  retrieve: ({ peer, missing }) => `缺少 ${missing} 幅图像：通过 C-MOVE 从 ${peer} 获取`,
  retrieved: ({ peer, completed, failed, problem }) =>
    problem === undefined
      ? `${peer} 报告已发送 ${completed} 幅图像${failed === 0 ? '' : `，${failed} 幅未能发送`}`
      : `${peer} 未发送任何图像${because(problem)}`,
  held: ({ problem }) => `不完整${because(problem)}`,
  released: () => '操作员按现状放行',
  acknowledged: ({ by }) => `${by} 已查看警告`,
  revision: ({ revision, files, inputs = [], warnings }) => {
    const beside = inputs.map(({ name, series, how }) => `；与 CT 一同使用 ${name} ${series}（${ways[how]}）`).join('');
    return `修订 ${revision}：${files.length} 幅图像${beside}${warned(warnings)}`;
  },
  complete: ({ modality }) => (modality === 'MR' ? 'MR 已完整：与 CT 一同使用' : '配准已完整：与 CT 一同使用'),
  'awaits input': ({ until, problem }) => `等待至 ${until.slice(0, 16).replace('T', ' ')} UTC${because(problem)}`,
  'input came': ({ series }) => `${series} 已到达，重新判断`,
  'input doubted': ({ text }) => `之后到达的数据与所用 MR 矛盾：${text}`,
  'input chosen': ({ by, text }) => `${by} 选择与 CT 一同使用的图像：${text}`,
  rejected: ({ problem }) => `已拒绝${because(problem)}`,
  'nothing to contour': ({ problem }) => `无需勾画${because(problem)}`,
  'beside revision': ({ what, images, revision }) => {
    const words = {
      repeat: `${images} 幅图像以其他 SOP Instance UID 重复到达`,
      'second acquisition': `第二次采集：${images} 幅图像`,
      'no slices': `到达的 ${images} 幅图像不是该扫描的层面`,
    }[what];
    return `${words}；修订 ${revision} 保持不变`;
  },
  chosen: ({ by, text }) => `${by} 选择部分图像进行勾画：${text}`,
  unrouted: () => '没有匹配的路由',
  ordered: ({ route, orders, superseded, problems }) => {
    const models = orders.map(({ bundle }) => `${bundle.name} ${bundle.version}`);
    const refused = orders.flatMap(({ deliveries }) => deliveries.flatMap((delivery) => delivery.refused ?? []));
    return [
      `路由 ${route}：${models.length === 0 ? '无需勾画' : `由 ${models.join('、')} 勾画`}`,
      ...(superseded.length === 0 ? [] : [`取代之前的 ${superseded.length} 项任务`]),
      ...[...refused, ...problems].map(problemInChinese),
    ].join('；');
  },
  'ordered by operator': ({ orders, superseded }) => {
    const wishes = orders.map(({ bundle, deliveries }) => {
      const where = deliveries.map(({ destination }) => destination);
      return `${bundle.name} ${bundle.version}${where.length === 0 ? '' : `，发送到 ${where.join('、')}`}`;
    });
    const given = superseded.length === 0 ? '' : `；放弃 ${superseded.length} 项失败的任务`;
    return `操作员要求勾画：${wishes.join('；')}${given}`;
  },
  'contour try': ({ try: number }) => `勾画第 ${number} 次尝试：排队中`,
  'contour started': ({ try: number }) => `勾画第 ${number} 次尝试：开始`,
  'contour try failed': ({ try: number, problem }) => `勾画第 ${number} 次尝试：失败${because(problem)}`,
  'set aside': ({ problem }) => `已搁置${because(problem)}`,
  result: ({ status, error, rois, warnings }) => {
    if (error !== undefined) return `勾画未成功${because(error)}${warned(warnings)}`;
    const found = rois.filter((roi) => roi.found).map(({ name }) => name);
    if (status === 'contoured') return `已勾画：${found.join('、')}${warned(warnings)}`;
    const kept = found.length === 0 ? '' : `；已勾画但仅保留在本节点：${found.join('、')}`;
    return `未发现可发送的结构${kept}${warned(warnings)}`;
  },
  retry: () => '操作员要求重新勾画',
  'deliver try': ({ destination, try: number }) => `发送到 ${destination}，第 ${number} 次尝试：排队中`,
  'deliver started': ({ destination, try: number }) => `发送到 ${destination}，第 ${number} 次尝试：开始`,
  'deliver outcome': ({ destination, try: number, next, alarmed, status, problem }) => {
    const ending = { delivered: '已送达', waiting: '未送达，将再次尝试', failed: '失败' }[next];
    const answer = status === undefined ? '' : `（状态 ${formatStatus(status)}）`;
    return `发送到 ${destination}，第 ${number} 次尝试：${ending}${alarmed ? '，请查看' : ''}${answer}${because(problem)}`;
  },
  'commitment try': ({ destination, try: number }) => `向 ${destination} 请求存储承诺，第 ${number} 次`,
  'commitment try failed': ({ destination, try: number, problem }) =>
    `${destination} 未接受第 ${number} 次存储承诺请求${because(problem)}`,
  'commitment requested': ({ destination }) => `${destination} 已接受存储承诺请求`,
  'commitment outcome': ({ destination, outcome, problem }) => {
    const words = { committed: '确认保存该结构集', refused: '未保存该结构集', missing: '没有按时确认保存该结构集' };
    return `${destination} ${words[outcome]}${because(problem)}`;
  },
  'deliver impossible': ({ destination, problem }) => `无法发送到 ${destination}${because(problem)}`,
  notified: ({ channel, notice }) => `已通知 ${channel}：${notice.replace(/-.*/, '')}`,
  resend: ({ destination }) => `操作员要求重新发送到 ${destination}`,
  'structure set': ({ sender, approval, matchedBy }) => {
    const status = { APPROVED: '已批准', UNAPPROVED: '未批准', REJECTED: '已否决', unknown: '无批准状态' }[approval];
    const by = { images: '图像引用', 'frame of reference': '参考坐标系' }[matchedBy];
    return `从 ${sender} 收到结构集，${status}，按${by}匹配`;
  },
  'compare try': ({ try: number }) => `比较第 ${number} 次尝试：排队中`,
  'compare started': ({ try: number }) => `比较第 ${number} 次尝试：开始`,
  'compare try failed': ({ try: number, problem }) => `比较第 ${number} 次尝试：失败${because(problem)}`,
  compared: ({ error, own, rois }) => {
    if (error !== undefined) return `无法比较${because(error)}`;
    if (own) return '比较结果：本节点自己的结构集，未修改';
    return `比较结果：${rois.map(comparedRoi).join('、')}`;
  },
  'compare again': () => '操作员要求重新比较一个结构集',
  confirmed: ({ by, confirmed }) => (confirmed ? `${by} 确认一个结构集：计入统计` : `${by} 撤销对一个结构集的确认`),
};

function because(problem: Problem | undefined): string {
  return problem === undefined ? '' : `：${problemInChinese(problem)}`;
}

function warned(warnings: readonly Warning[]): string {
  return warnings.map((warning) => `；${warningInChinese(warning)}`).join('');
}

function comparedRoi({ name, state, dsc }: ComparedRoi): string {
  if (dsc !== undefined) return `${name} DSC ${dsc.toFixed(3)}`;
  const words = {
    compared: '已比较',
    'only proposed': '修改后不存在',
    'only corrected': '自动勾画中不存在',
    unclear: '有多个同名 ROI',
  };
  return `${name} ${words[state]}`;
}
