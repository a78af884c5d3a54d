import { closings, rejections } from '../../dimse/association-policy.ts';
import { refusedClasses } from '../../dimse/presentation-context.ts';
import { rejectionRemedies } from '../../dimse/rejection-words.ts';

/**
 * What places word themselves, as they word it, with `{0}`, `{1}` … for their values; values are told in Chinese too where
 * they stand here. Longer because it is a table.
 */
const phrases: readonly (readonly [english: string, chinese: string])[] = [
  // Senders that were refused, and what to do.
  ['{0} ({1}) was refused {2} in 24 hours: {3}', '{0}（{1}）在 24 小时内被拒绝 {2}：{3}'],
  ['once', '1 次'],
  ['{0} times', '{0} 次'],
  ['a sender', '发送方'],
  [rejections.calledAe.words, '被叫 AE 标题未知'],
  [rejections.callingAe.words, '该地址的主叫 AE 标题未登记'],
  [rejections.certificate.words, '主叫 AE 标题与所出示的证书不符'],
  [rejections.plain.words, '该主叫 AE 标题必须使用 TLS'],
  [closings.address, '没有登记使用该地址的对方'],
  [closings.handshake, '没有完成 TLS 握手'],
  [closings.noCertificate, '没有出示证书'],
  [closings.outdatedCertificate, '其证书已过期或尚未生效'],
  [closings.certificate, '其证书未登记'],
  ...[...refusedClasses.values()].map(
    (words) =>
      [
        words,
        words.includes('from this sender')
          ? `不接收该发送方的 ${words.split(' is ')[0]}`
          : `不接收 ${words.split(' is ')[0]}`,
      ] as const,
  ),
  [
    'if it shall send MR, set accept.mr: take for its peer entry',
    '如需其发送 MR，请在其 peers 条目中设置 accept.mr: take',
  ],
  [
    'if it shall send registrations, set accept.registrations: take for its peer entry',
    '如需其发送配准，请在其 peers 条目中设置 accept.registrations: take',
  ],
  [
    'where MR is to be used, let the sender convert it to classic MR images (MR Image Storage)',
    '如需使用 MR，请让发送方将其转换为普通 MR 图像（MR Image Storage）',
  ],
  [
    'where a registration is to be used, let the sender write a rigid one (Spatial Registration Storage)',
    '如需使用配准，请让发送方写出刚性配准（Spatial Registration Storage）',
  ],
  [
    'write the registration with one matrix: programs apply several in different orders',
    '请用一个矩阵写出配准：各程序对多个矩阵的应用次序不同',
  ],
  [
    'at the sender, correct the called AE title {0} to {1}; or enter {0} under dicom.otherAeTitles',
    '在发送方将被叫 AE 标题 {0} 更正为 {1}；或在 dicom.otherAeTitles 中登记 {0}',
  ],
  [
    'if it may send here, enter it under peers: aeTitle {0}, addresses [{1}]',
    '如允许其发送，请在 peers 中登记：aeTitle {0}，addresses [{1}]',
  ],
  [
    'if it may send here, enter it under peers: its AE title, addresses [{0}]',
    '如允许其发送，请在 peers 中登记：其 AE 标题，addresses [{0}]',
  ],
  [
    'at the sender, turn TLS on and call port {0}; or set tls.incoming: optional for peer {1}',
    '在发送方启用 TLS 并使用端口 {0}；或为 {1} 设置 tls.incoming: optional',
  ],
  ["enter the sender's certificate under peers[].tls.certificates", '在 peers[].tls.certificates 中登记发送方的证书'],
  [
    'at the sender, turn TLS 1.2 or 1.3 on, or call port {0} without TLS',
    '在发送方启用 TLS 1.2 或 1.3，或不使用 TLS 连接端口 {0}',
  ],
  ['at the sender, turn TLS 1.2 or 1.3 on', '在发送方启用 TLS 1.2 或 1.3'],
  [
    'give the sender a certificate, and enter it under peers[].tls.certificates',
    '为发送方配备证书，并在 peers[].tls.certificates 中登记',
  ],
  ['renew the certificate at the sender; check the clocks of both machines', '更新发送方的证书；检查双方的时钟'],
  [
    "enter the sender's certificate under peers[].tls.certificates, or have a CA of dicom.tls.caFile sign it",
    '在 peers[].tls.certificates 中登记发送方的证书，或由 dicom.tls.caFile 中的 CA 签发',
  ],

  // A peer that is called.
  ['{0}; 1 structure set waits', '{0}；1 个结构集在等待'],
  ['{0}; {1} structure sets wait', '{0}；{1} 个结构集在等待'],
  ['cannot reach {0} at {1}: {2}', '无法连接 {0}（{1}）：{2}'],
  ['nothing listens there', '该端口没有程序在监听'],
  ['the host name is unknown', '主机名未知'],
  ['no answer within {0} s', '{0} 秒内没有响应'],
  ['it shows a certificate that is not accepted', '其证书未被接受'],
  ['it shows a certificate that is not accepted ({0})', '其证书未被接受（{0}）'],
  ['its certificate is for another host than {0}', '其证书不是为 {0} 签发的'],
  ['the TLS handshake failed ({0})', 'TLS 握手失败（{0}）'],
  ['the peer closed the connection during the TLS handshake', '对方在 TLS 握手时关闭了连接'],
  ['renew the certificate at the peer; check the clocks of both machines', '更新对方的证书；检查双方的时钟'],
  [
    "enter the peer's certificate under peers[].tls.certificates, or its CA under peers[].tls.caFile",
    '在 peers[].tls.certificates 中登记对方的证书，或在 peers[].tls.caFile 中登记其 CA',
  ],
  [
    'let the peer show a certificate for this host, or enter its fingerprint under peers[].tls.certificates',
    '让对方出示为该主机签发的证书，或在 peers[].tls.certificates 中登记其指纹',
  ],
  [
    "check that the peer's port speaks TLS 1.2 or 1.3, and that the peer accepts the certificate of this node",
    '检查对方端口是否使用 TLS 1.2 或 1.3，以及对方是否接受本节点的证书',
  ],
  [
    '{0} rejected the association: {1} (result {2}, source {3}, reason {4})',
    '{0} 拒绝了关联：{1}（result {2}，source {3}，reason {4}）',
  ],
  ['calling AE title not recognised', '主叫 AE 标题未登记'],
  ['temporary congestion', '暂时拥塞'],
  ['local limit exceeded', '超过连接数上限'],
  [rejectionRemedies['1/2'], '对方使用的不是此类 DICOM：请检查其主机和端口'],
  [rejectionRemedies['1/3'], '在对方系统中登记本节点的 AE 标题（dicom.aeTitle）和本机地址'],
  [rejectionRemedies['1/7'], '更正 peers[].aeTitle：对方使用另一个 AE 标题；`contour-node doctor` 可以检查'],
  [rejectionRemedies['3/1'], '对方目前没有空闲连接：请等待，或在对方系统中允许更多同时连接'],
  [
    'enter {0} with host and port of this node at {1}, else look at its log',
    '在 {1} 中登记 {0} 及本节点的主机和端口；如已登记，请查看其日志',
  ],
  ['enter them, or turn peers[].retrieve off', '请登记，或关闭 peers[].retrieve'],
  [
    'turn on the import of segmentations at the peer, or leave destinations[].segmentation out',
    '在对方系统中启用分割（SEG）的接收，或去掉 destinations[].segmentation',
  ],
  [
    'turn on the import of RT structure sets at the peer, or offer another destinations[].transferSyntaxes',
    '在对方系统中启用 RT 结构集的接收，或更改 destinations[].transferSyntaxes',
  ],
  [
    'turn it on at the peer, or take storageCommitment away from the destination',
    '在对方系统中启用存储承诺，或去掉目的地的 storageCommitment',
  ],
  ['offer the destination implicit VR', '对该目的地使用隐式 VR'],

  // This machine.
  [
    'the disk of the data directory ({0}) is full: no image is accepted; {1} MB are free of the {2} MB that should be (retention.minimumFreeGigabytes); under {3} MB (intake.reservedMegabytes) nothing is accepted',
    '数据目录（{0}）所在磁盘已满，不接收任何图像；剩余 {1} MB，应有 {2} MB（retention.minimumFreeGigabytes）；低于 {3} MB（intake.reservedMegabytes）时不接收',
  ],
  [
    'the disk of the data directory ({0}) runs short: delivered series are removed early; {1} MB are free of the {2} MB that should be (retention.minimumFreeGigabytes); under {3} MB (intake.reservedMegabytes) nothing is accepted',
    '数据目录（{0}）所在磁盘空间不足，已送达的序列会提前清除；剩余 {1} MB，应有 {2} MB（retention.minimumFreeGigabytes）；低于 {3} MB（intake.reservedMegabytes）时不接收',
  ],
  ['{0}; CTs are kept, and contoured once it does', '{0}；CT 会照常接收并保存，恢复后再勾画'],
  ['Redis does not answer within {0} s', 'Redis 在 {0} 秒内没有响应'],
  ['Redis ({0}) does not answer: {1}', 'Redis（{0}）没有响应：{1}'],
  ['no worker takes jobs of: {0}', '没有 worker 处理以下队列：{0}'],
  ['{0} of the model {1} is not the file that its manifest names', '模型 {1} 的文件 {0} 与其清单不符'],
  ['the certificate {0} ended on {1}', '证书 {0} 已于 {1} 到期'],
  ['the certificate {0} ends on {1}', '证书 {0} 将于 {1} 到期'],
  [
    'renew it, then run `contour-node reload`; docs/security.md shows how',
    '更新证书，然后运行 `contour-node reload`；方法见 docs/security.md',
  ],
  [
    'the changed configuration was refused, the old one stays in force: {0}',
    '修改后的配置未被采用，原配置继续有效：{0}',
  ],
  [
    'correct the line; docs/configuration.md lists every key; then run `contour-node reload`',
    '修改该行，然后运行 `contour-node reload`；docs/configuration.md 列出了所有配置项',
  ],
  [
    'keep the folder as evidence, and move it away: the node begins a new trail',
    '保留该文件夹作为证据并移到别处：节点会开始新的审计记录',
  ],

  // A series.
  ['gap of {0} mm between slices {1} and {2}, expected {3} mm', '第 {1} 层与第 {2} 层相距 {0} mm，应为 {3} mm'],
  ['gantry tilt of {0} degrees', '机架倾斜 {0} 度'],
  ['{0} of {1} instances have arrived', '{1} 幅图像中收到了 {0} 幅'],
  ['two patients in one series', '同一序列中有两个患者'],
  [
    "{0} differs from slice to slice: correct it at the source, or send each patient's images alone",
    '各层面的 {0} 不一致：请在来源处更正，或将每个患者的图像分开发送',
  ],
  ['one patient in {0} spellings', '同一患者有 {0} 种写法'],
  [
    'correct it at the source, or take it from this peer (peers[].accept.{0})',
    '请在来源处更正，或允许来自该发送方的此类图像（peers[].accept.{0}）',
  ],
  ['nothing to do yet: it is waited for, for some minutes', '暂时无需处理：系统会等待几分钟'],
  ['send it again', '请重新发送'],
  ['route such a CT by this recipe, or order by another one', '请让路由对此类 CT 使用该勾画方案，或选用另一个勾画方案'],
  ['send the structure set that was corrected', '请发送修改后的结构集'],
  ['send the series again, uncompressed', '请以未压缩格式重新发送该序列'],
  [
    'send images of {0} bits stored uncompressed, or in a lossless syntax that holds them',
    '存储位数为 {0} 的图像请以未压缩格式发送，或使用能容纳它的无损格式',
  ],
  [
    'rows, columns, frames or bits allocated are not those of the pixels: correct them at the source',
    '行数、列数、帧数或位数与像素不符：请在来源处更正',
  ],
  [
    'correct the element where the file was written, then send it again',
    '请在写入该文件的系统中更正该数据元素，然后重新发送',
  ],
  [
    'send the instance again from the system that wrote it, or as classic CT images',
    '请从写入该实例的系统重新发送，或以普通 CT 图像发送',
  ],
  ['send the series again from the scanner, or as classic CT images', '请从扫描仪重新发送该序列，或以普通 CT 图像发送'],
  ['choose one of the configuration', '请选择配置中的一个'],
  [
    'the series was contoured by a version that made none, or was deleted: have it contoured again',
    '勾画该序列的版本不生成图像，或序列已删除：请重新勾画',
  ],
  ['look the series up at its sender', '请在发送方查找该序列'],
  ['load the page again; programs use an API token', '请重新加载页面；程序请使用 API 令牌'],
  ['open the address that the node is configured with', '请打开配置中的节点地址'],
  ['see /help', '见 /help'],
  ['see docs/http-api.md for the API', '接口说明见 docs/http-api.md'],

  // A warning of a structure or a CT.
  ['{0}, in the training data {1}', '{0}，训练数据中{1}'],
  ['at most {0}', '至多 {0}'],
  ['at least {0}', '至少 {0}'],
  ['always on its {0}', '总在{0}'],
  ['on the {0} of the body', '位于人体{0}'],
  ['the scan ends inside it {0}, so it is cut', '扫描{0}于该结构内结束，结构被截断'],
  ['touches the end of the scan {0}', '{0}到达扫描的末端'],
  ['at the {0} end', '在{0}端'],
  ['at both ends', '在两端'],
  ['touches the edge of the field of view', '到达视野边缘'],
  ['in {0} pieces', '分成 {0} 块'],
  ['{0} mm further to the {1} than in the training data', '比训练数据更偏{1} {0} mm'],
  ['{0} than in the training data, measured from {1}', '相对 {1} 比训练数据{0}'],
  ['{0} mm lower', '低 {0} mm'],
  ['{0} mm higher', '高 {0} mm'],
  ['{0} not found: is this the part of the body that the model is for', '未发现 {0}：该扫描部位是否与模型相符'],
  ['slices {0} mm apart', '层间距 {0} mm'],
  ['pixels of {0} mm', '像素间距 {0} mm'],
  ['an image of {0} mm', '图像宽 {0} mm'],
  ['the body in the scan is {0} mm long', '扫描中的人体长 {0} mm'],
  ['the body in the scan is {0} mm wide', '扫描中的人体宽 {0} mm'],
  ['the body in the scan is {0} mm deep', '扫描中的人体前后径 {0} mm'],
  ['{0} % of the body above {1} HU', '人体中高于 {1} HU 的部分占 {0} %'],
  ['{0} % of the body between {1} and {2} HU', '人体中 {1} 至 {2} HU 的部分占 {0} %'],
  ['the bones lie further to the {0} than in any training CT', '骨骼比所有训练 CT 更偏{0}'],
  [
    'the air in the body lies {0} mm further to the {1}, seen from the bones, than in any training CT: is this the right part of the body, and the right way round',
    '相对骨骼，体内的气体比所有训练 CT 更偏{1} {0} mm：扫描部位和方向是否正确',
  ],
  ['head', '头'],
  ['feet', '足'],
  ['left', '左侧'],
  ['right', '右侧'],
  ['front', '前'],
  ['back', '后'],

  // What a CT waits for, or was contoured without.
  ['contoured without {0}: {1}', '勾画时没有 {0}：{1}'],
  ['an operator chose the CT without {0}', '操作员选择不使用 {0}'],
  ['{0}: no MR of the patient has come', '{0}：该患者没有 MR 到达'],
  ['no MR of the patient has come', '该患者没有 MR 到达'],
  ['{0}: no registration leads from the CT to it', '{0}：没有从 CT 到它的配准'],
  ['no registration leads from the CT to it', '没有从 CT 到它的配准'],
  ['{0}: {1} series fit the route', '{0}：有 {1} 个序列符合路由'],
  ['{0} series fit the route', '有 {0} 个序列符合路由'],
  ['{0}: none of {1} MR series of the patient fits the route', '{0}：该患者的 {1} 个 MR 序列均不符合路由'],
  ['none of {0} MR series of the patient fits the route', '该患者的 {0} 个 MR 序列均不符合路由'],
  ['{0}: two registrations disagree by {1} mm about where it lies', '{0}：两个配准给出的位置相差 {1} mm'],
  ['two registrations disagree by {0} mm about where it lies', '两个配准给出的位置相差 {0} mm'],
  [
    '{0}: that of another visit was taken {1} days from the CT, the route takes {2}',
    '{0}：另一次检查的 MR 与 CT 相隔 {1} 天，路由接受 {2} 天以内',
  ],
  ['{0}: another MR or registration of the patient still arrives', '{0}：该患者的另一个 MR 或配准仍在到达'],

  // Why an image is no slice of the scan.
  ['the other slices', '其余层面'],
  ['Image Type {0}', '图像类型 {0}'],
  ['derivation code {0}', '衍生代码 {0}'],
  ['axial', '横断面'],
  ['tilted', '倾斜'],
  ['of a patient on the side (decubitus): the rows run from back to front', '患者侧卧：图像行由背侧到腹侧'],
  ['axial but turned within their plane', '横断面，但在平面内旋转'],
  ['sagittal', '矢状面'],
  ['coronal', '冠状面'],
  ['oblique', '斜面'],
  ['{0}, another way round', '{0}，方向不同'],
  ['pixels of {0} x {1} mm', '像素间距 {0} x {1} mm'],
  ['{0} x {1} pixels', '{0} x {1} 像素'],
  ['up to {0} mm beside the others', '与其余图像最多相距 {0} mm'],
  ['repeat under another SOP Instance UID', '以其他 SOP Instance UID 重复'],
  ['Acquisition Number {0}', '采集号 {0}'],
  ['Instance Numbers {0} to {1}', '实例号 {0} 至 {1}'],
  ['series time {0}', '序列时间 {0}'],
  ['kernel {0}', '重建核 {0}'],
  ['(none)', '（无）'],
  ['no study', '无检查'],
  ['study {0}', '检查 {0}'],
  ['no frame of reference', '无参考坐标系'],
  ['frame of reference {0}', '参考坐标系 {0}'],
  ['another {0}', '另一个 {0}'],
  ['colours instead of CT numbers', '彩色图像，而不是 CT 值'],
  ['several frames', '多帧'],
  ['no usable Pixel Spacing (two numbers from 0.05 to 10 mm)', '像素间距不可用（应为 0.05 至 10 mm 的两个数）'],
  ['no usable Image Position (three numbers within 20 m)', '图像位置不可用（应为 20 m 以内的三个数）'],
  ['no usable Image Orientation (two directions at right angles)', '图像方向不可用（应为互相垂直的两个方向）'],
  ['no usable Rescale Slope', '换算斜率不可用'],
  ['no usable Rescale Intercept', '换算截距不可用'],
  ['values in {0} instead of HU', '数值单位为 {0}，而不是 HU'],
  ['no Pixel Representation', '没有像素表示方式'],
  [
    '{0} bits allocated and {1} stored instead of 16 and 9 to 16',
    '分配 {0} 位、存储 {1} 位，应为分配 16 位、存储 9 至 16 位',
  ],
];

/** The English of each phrase, for the test that no place words it otherwise. */
export const phrasesInEnglish = phrases.map(([english]) => english);

const patterns = phrases.map(([english, chinese]) => {
  const slots: number[] = [];
  const source = english
    .split(/\{(\d)\}/)
    .map((part, index) => {
      if (index % 2 === 0) return RegExp.escape(part);
      const earlier = slots.indexOf(Number(part));
      if (earlier >= 0) return `\\${earlier + 1}`;
      slots.push(Number(part));
      return '(.+?)';
    })
    .join('');
  return { pattern: new RegExp(`^${source}$`, 's'), slots, chinese };
});

/** A phrase of the table in Chinese; undefined for every other text. */
export function phraseInChinese(text: string): string | undefined {
  for (const { pattern, slots, chinese } of patterns) {
    const found = pattern.exec(text);
    if (found === null) continue;
    return chinese.replace(/\{(\d)\}/g, (_, slot: string) => {
      const value = found[slots.indexOf(Number(slot)) + 1] ?? '';
      return phraseInChinese(value) ?? value;
    });
  }
  return undefined;
}
